"""From what a shop expects (photos, uploads, searches) to sizes and to a month's bill: arithmetic, no I/O but its price table."""
