from .allocation_types import CostCenter
from .results import Page

__all__ = ["CostCenterPage"]

class CostCenterPage(Page[CostCenter]): ...
