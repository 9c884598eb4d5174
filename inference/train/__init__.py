"""Fine-tune the embedder on folders of photos labelled by category.

torch is imported by `inference.train` and `inference.export` alone; whoever
serves the model needs only ONNX Runtime.
"""
