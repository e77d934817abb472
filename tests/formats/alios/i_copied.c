#include "chip_flash.h"
hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX];
extern const chip_logic_partition_t chip_partitions[];
void flash_partition_init(void)
{
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_owner = chip_partitions[PARTITION_PARAMETER_1].partition_owner;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_description = chip_partitions[PARTITION_PARAMETER_1].partition_description;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_start_addr = chip_partitions[PARTITION_PARAMETER_1].partition_start_addr;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_length = chip_partitions[PARTITION_PARAMETER_1].partition_length;
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_options = chip_partitions[PARTITION_PARAMETER_1].partition_options;
    hal_partitions[HAL_PARTITION_PARAMETER_2] = chip_partitions[PARTITION_PARAMETER_2];
}
