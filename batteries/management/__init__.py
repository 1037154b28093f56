"""Commands on identity codes and registration."""
