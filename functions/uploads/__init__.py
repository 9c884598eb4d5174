"""Forms to bring photos in, where an upload stands, and the items' descriptions: what changes a catalogue over HTTP."""
