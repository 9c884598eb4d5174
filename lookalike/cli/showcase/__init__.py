"""The demonstration: a shop (drawn, or the user's photos), searches with photos it has not seen, and a report."""
