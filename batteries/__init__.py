"""What the makers know of their batteries: codes, models, vehicles, registration."""
