"""Pages of what is no battery: batches, and lots of material."""
