"""F5: half of all answers are lost after the commit; clients call again under the same key, as documented."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.conftest import Fresh
from tests.faults.serving import Call, cutting, insist_on_all, served
from tests.worlds import PARTIES

campaign = [pytest.mark.campaign, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("kind", "requests"),
    [
        pytest.param("here", 12, id="short"),
        pytest.param("sqlite", 300, marks=campaign, id="sqlite"),
        pytest.param("cluster", 300, marks=campaign, id="cluster"),
    ],
)
def test_answers_that_are_lost_cost_nothing_and_double_nothing(
    fresh: Fresh, chance: random.Random, tell: dict[str, Any], kind: str, requests: int
) -> None:
    place = fresh(kind)
    calls = [Call(number) for number in range(requests)]
    with served(place) as service:
        with cutting(service.port, chance, share=0.5) as proxy:
            answered = insist_on_all(place, proxy.server_address[1], calls)
            # Impatient clients: each call twice at the same time, in any order.
            twice = [*calls, *calls]
            chance.shuffle(twice)
            again = dict(zip(twice, insist_on_all(place, proxy.server_address[1], twice), strict=True))
        assert [again[call][0] for call in calls] == [answer for answer, _ in answered]
        assert all(answer["errors"] == [] for answer, _ in answered)
        # The same key with another body is another call: refused, whoever is right.
        changed = insist_on_all(place, service.port, [replace(call, mass="441") for call in calls])
    refused = [[error["code"] for error in answer["errors"]] for answer, _ in changed]
    assert refused == [["key_reused"]] * requests
    confirmed = [key for call in calls for key in call.keys]
    ledger = place.judge(confirmed)
    assert ledger.events == len(PARTIES) + requests
    assert sum(failed for _, failed in answered) <= proxy.cut
    tell |= {"requests": requests, "answers cut": proxy.cut, "acknowledged": len(confirmed)}
    tell |= {"events": ledger.events, "lost": 0, "doubled": 0, "changed bodies refused": len(refused)}


@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        pytest.param("here", 1, id="short"),
        pytest.param("sqlite", 20, marks=campaign, id="sqlite"),
        pytest.param("cluster", 20, marks=campaign, id="cluster"),
    ],
)
def test_workers_that_are_killed_are_replaced_and_what_they_confirmed_stays(
    fresh: Fresh, chance: random.Random, tell: dict[str, Any], kind: str, kills: int
) -> None:
    """F2 for the web: workers are killed under load, now and then the whole server, which is then started again."""
    place = fresh(kind)
    done = number = failed = restarts = 0
    confirmed: list[str] = []
    with served(place) as service, ThreadPoolExecutor(1) as pool:
        while done < kills:
            calls = [Call(number + more) for more in range(12 if kills == 1 else 60)]
            number += len(calls)
            load = pool.submit(insist_on_all, place, service.port, calls)
            while not load.done() and done < kills:
                time.sleep(chance.uniform(0.1, 0.5 if kills == 1 else 2.5))
                restarts += service.start_again()
                if done % 5 == 4:
                    service.kill()
                    done += 1
                else:
                    done += service.kill_worker(chance)
            while not load.done():
                time.sleep(0.1)
                restarts += service.start_again()
            for answer, failures in load.result():
                assert answer["errors"] == []
                failed += failures
            confirmed += [key for call in calls for key in call.keys]
    ledger = place.judge(confirmed)
    assert ledger.events == len(PARTIES) + len(confirmed)
    tell |= {
        "kills": done,
        "restarts of the whole": restarts,
        "calls made again": failed,
        "acknowledged": len(confirmed),
    }
    tell |= {"events": ledger.events, "lost": 0, "doubled": 0}
