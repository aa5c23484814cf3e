"""Requests of all endpoints that schemathesis makes of their description, with hostile pictures.

Each answer must be one that the description has: its status, its type, its fields. No request is a failure of the
service (5xx), and afterwards nothing is left of any: no tensor, none that was never disposed of, and no place.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure as BrokenRule
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from fuzz.hostile import hostile_pictures
from fuzz.picture_corpus import draw_all
from fuzz.runner import Failure, Report
from humanrt import Human
from humanrt.serve import ServeOptions, create_app

PICTURES, SIDE = 300, 200
ADDRESS = "http://127.0.0.1"
OFF: Mapping[str, Any] = {name: {"enabled": False} for name in ("face", "body", "hand", "gesture")}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


async def fuzz_service(examples: int, number: int) -> Report:
    """Return the statuses of so many requests of each endpoint, and the answers that are wrong, for a seed."""
    _offer_pictures(number)
    report, options = Report(), ServeOptions(max_pixels=SIDE * SIDE, max_body=2**20)
    app = create_app(partial(Human, OFF), options)
    loop = asyncio.get_running_loop()
    async with app.router.lifespan_context(app):
        await app.state.backend.settled()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, timeout=60) as client:

            def send(case: "schemathesis.Case[Any]") -> httpx.Response:
                prepared = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS)).prepare()
                body: Any = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
                headers: Any = dict(prepared.headers)
                request = client.request(case.method, prepared.url or "", headers=headers, content=body)
                return asyncio.run_coroutine_threadsafe(request, loop).result()

            for found in schemathesis.openapi.from_dict(app.openapi()).get_all_operations():
                assert isinstance(found, Ok)  # noqa: S101 - the description is valid
                operation = found.ok()
                await asyncio.to_thread(_attack, operation, send, examples, number, report)
                gate, memory = app.state.gate, app.state.backend.detector.engine.memory()
                if (gate.inside, gate.running, *memory.baseline) != (0,) * 6:
                    report.failures.append(Failure(0, operation.label, f"left: {gate.inside} inside, {memory}"))
    return report


def _attack(operation: Any, send: Any, examples: int, number: int, report: Report) -> None:  # noqa: ANN401
    """Send requests that conform to the description of an operation, and such that do not."""
    modes = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def attack(case: "schemathesis.Case[Any]") -> None:
        answer = send(case)
        report.counts[operation.label, str(answer.status_code)] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (BrokenRule, FailureGroup) as broken:
            reasons = broken.exceptions if isinstance(broken, FailureGroup) else [broken]
            what = f"{answer.status_code}: {'; '.join(str(each) for each in reasons)}; {case.as_curl_command()[:500]}"
            report.failures.append(Failure(sum(report.counts.values()), operation.label, what))

    attack()


def _offer_pictures(number: int) -> None:
    """Let schemathesis take hostile pictures, and valid ones, for what is one in the description."""
    valid = [each.data for each in draw_all()]
    hostile = [each.data for each in hostile_pictures(PICTURES, SIDE, number) if len(each.data) < 2**19]
    data = st.one_of(st.sampled_from(valid), st.sampled_from(hostile))
    schemathesis.openapi.format("binary", data)
    schemathesis.openapi.media_type("image/*", data)


def statuses(report: Report) -> Counter[str]:
    """Return the number of answers by status."""
    counts: Counter[str] = Counter()
    for (_, status), count in report.counts.items():
        counts[status] += count
    return counts
