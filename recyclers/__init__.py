"""What recyclers are allowed to do: listings and permits."""
