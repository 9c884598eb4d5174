"""Write a trained embedder as the ONNX graph that is served."""
