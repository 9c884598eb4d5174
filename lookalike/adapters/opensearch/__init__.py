"""The vector index on OpenSearch, 2.19 or newer with its k-NN plugin. Only these modules import opensearchpy."""
