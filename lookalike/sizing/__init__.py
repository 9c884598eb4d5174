"""From what a shop expects (photos, uploads, searches) to sizes, and from sizes to what a month costs."""
