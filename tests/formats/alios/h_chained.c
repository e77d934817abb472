hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX];
void flash_partition_init(void)
{
    uint32_t main_size = REG32(MAGIC_BASE + 0x10);
    uint32_t at = 0;
    uint32_t length = 0;
    hal_partitions[HAL_PARTITION_APPLICATION].partition_start_addr = (at = 0x10000);
    hal_partitions[HAL_PARTITION_APPLICATION].partition_length = (length = 0x80000);
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_start_addr = (at = (at + length));
    hal_partitions[HAL_PARTITION_PARAMETER_1].partition_length = (length = 4096);
    hal_partitions[HAL_PARTITION_OTA_TEMP].partition_start_addr = (at = at + length);
    hal_partitions[HAL_PARTITION_OTA_TEMP].partition_length = main_size;
}
