"""A recycler whose year is told test by test."""

import pytest

from tests.recyclers.conditions.works import Works
from tests.worlds import World


@pytest.fixture
def works(world: World) -> Works:
    """The recycler of the world."""
    return Works(world, world.recycler)
