#include "aos/hal/flash.h"

/* One element for each partition, every member named. */
const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_BOOTLOADER] = {
        .partition_owner = HAL_FLASH_EMBEDDED,
        .partition_description = "Bootloader",
        .partition_start_addr = 0x0,
        .partition_length = 0x1000, // 4k bytes
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_DIS,
    },
    [HAL_PARTITION_APPLICATION] = {
        .partition_owner = HAL_FLASH_EMBEDDED,
        .partition_description = "Application",
        .partition_start_addr = 0x1000,
        .partition_length = 0xF4000,
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN,
    },
};
