"""Everything about the model: training, export, compilation, serving."""
