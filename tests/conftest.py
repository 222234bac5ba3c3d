"""Which fixtures are shared by all tests?"""

from __future__ import annotations

import pytest
from bucket_domain import BUCKET, BucketDomain

from jialing import domains


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> BucketDomain:
    """The leaky bucket as a domain like any other; its desks lie in `desks`, newest last."""
    row = domains.Row(
        domain="bucket_domain:BUCKET",
        cases="bucket_domain:CASES",
        settings="bucket_domain:BucketSettings",
        inspect="bucket_domain:inspect_bucket",
        endings=(".bucket",),
    )
    monkeypatch.setattr(domains, "ROWS", {"bucket": row})
    monkeypatch.setattr(BUCKET, "desks", [])
    return BUCKET
