"""From an original that arrived to what the model sees; fed by the bucket through the queue `received`."""
