"""From a prepared photo to an entry that can be found; fed by the queue `to-embed`."""
