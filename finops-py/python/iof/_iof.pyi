from collections.abc import Callable
from typing import Any, final

__all__ = ["Engine", "__version__", "arrow_stream", "operations"]

__version__: str

@final
class Engine:
    @staticmethod
    def open(location: object, options: dict[str, Any]) -> Engine: ...
    def call(
        self,
        operation: str,
        params: dict[str, Any],
        progress: Callable[[Any], object] | None = None,
    ) -> Any: ...
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...

def operations() -> dict[str, tuple[str, ...]]: ...
def arrow_stream(rows: list[dict[str, Any]], kinds: list[tuple[str, str]] | None = None) -> Any: ...
