hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX];
void flash_partition_init(void)
{
    hal_partitions[HAL_PARTITION_APPLICATION].partition_start_addr = 0x08008000;
    hal_partitions[HAL_PARTITION_APPLICATION].partition_length = 0xB0000;
    hal_partitions[HAL_PARTITION_APPLICATION].partition_start_addr = 0x08100000;
    hal_partitions[HAL_PARTITION_APPLICATION].partition_length = 0x4000;
}
