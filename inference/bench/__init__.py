"""The model's speed, each figure a ratio measured in one run."""
