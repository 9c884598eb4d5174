"""The real servers of a rehearsal, each started on loopback and stopped by its own process id."""
