"""nRF Connect SDK's ``pm_static.yml`` and ``partitions.yml``: read, written, and edited in place.

See ``nrf_pm_read`` for what is read, ``nrf_pm_gaps`` for what the build makes of the places that
are left, and ``nrf_pm_write`` for what is written.
"""

from flashwright.formats.nrf_pm_pages import PAGES
from flashwright.formats.nrf_pm_read import decode
from flashwright.formats.nrf_pm_write import encode

__all__ = ["PAGES", "decode", "encode"]
