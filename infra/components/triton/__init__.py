"""The objects in Kubernetes that Triton consists of, one kind a file; `triton_service` puts them together."""
