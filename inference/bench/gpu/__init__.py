"""The model's speed on a GPU, by whatever can run it there."""
