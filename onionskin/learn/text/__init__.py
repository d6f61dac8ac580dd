"""Parts of the domain of texts: where they are read from, how they become numbers, and how a model writes."""
