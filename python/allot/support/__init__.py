"""What knows nothing of models: text, files, terminals, numbers."""
