"""The model behind NVIDIA's Triton Inference Server, over gRPC."""
