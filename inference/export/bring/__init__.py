"""Serve a model that was trained elsewhere: a torchvision, timm or open_clip architecture and a file of weights."""
