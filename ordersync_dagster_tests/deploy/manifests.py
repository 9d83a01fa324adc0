"""Kubernetes' own schemas, for manifests as they stand in a file or as Dagster makes them."""

from typing import Any


def validate(manifest: dict[str, Any]) -> None:
    """Raise ValueError for whatever the API server would refuse or ignore."""
    import kubernetes_validate  # here, because it takes seconds, and each worker imports every test module

    try:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        raise ValueError(error.message) from None
