"""A trained model, made smaller and quicker (FP16, INT8, TensorRT), and measured against its FP32 source."""
