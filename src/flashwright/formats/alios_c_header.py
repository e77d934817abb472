"""A header of our own that declares the documented types of AliOS Things' partition tables."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.model import alios


def alios_c_header(version: str, custom: Iterable[str] = ()) -> str:
    """A C99 header with ``hal_flash_t``, ``hal_partition_t`` of that release, and the struct.

    ``custom`` are symbols of the user's own, which follow those of the release. Raises
    ``KeyError`` for a release that is not in ``model.alios.ENUMERATIONS``.
    """
    names = [alios.PREFIX + name for name in alios.ENUMERATIONS[version]]
    names += [symbol for symbol in dict.fromkeys(custom) if symbol not in names]
    symbols = "\n".join(f"    {name}," for name in names)
    return f"""\
/* Types of AliOS Things {version} partition tables, as documented. */
#ifndef FLASHWRIGHT_ALIOS_FLASH_H
#define FLASHWRIGHT_ALIOS_FLASH_H

#include <stddef.h>
#include <stdint.h>

#define PAR_OPT_READ_POS (0)
#define PAR_OPT_WRITE_POS (1)
#define PAR_OPT_READ_MASK (0x1u << PAR_OPT_READ_POS)
#define PAR_OPT_WRITE_MASK (0x1u << PAR_OPT_WRITE_POS)
#define PAR_OPT_READ_DIS (0x0u << PAR_OPT_READ_POS)
#define PAR_OPT_READ_EN (0x1u << PAR_OPT_READ_POS)
#define PAR_OPT_WRITE_DIS (0x0u << PAR_OPT_WRITE_POS)
#define PAR_OPT_WRITE_EN (0x1u << PAR_OPT_WRITE_POS)

typedef enum {{
    HAL_PARTITION_ERROR = -1,
{symbols}
    HAL_PARTITION_MAX,
    HAL_PARTITION_NONE,
}} hal_partition_t;

typedef enum {{
    HAL_FLASH_EMBEDDED,
    HAL_FLASH_SPI,
    HAL_FLASH_QSPI,
    HAL_FLASH_MAX,
    HAL_FLASH_NONE,
}} hal_flash_t;

typedef struct {{
    hal_flash_t partition_owner;
    const char *partition_description;
    uint32_t partition_start_addr;
    uint32_t partition_length;
    uint32_t partition_options;
}} hal_logic_partition_t;

#endif
"""
