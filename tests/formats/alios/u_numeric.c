hal_logic_partition_t hal_partitions[7];
void board_init(void)
{
    hal_partitions[1].partition_owner = HAL_FLASH_EMBEDDED;
    hal_partitions[1].partition_description = "BOOTLOADER";
    hal_partitions[1].partition_start_addr = 0x10000000;
    hal_partitions[1].partition_length = 0x8000;
    hal_partitions[6].partition_owner = HAL_FLASH_EMBEDDED;
    hal_partitions[6].partition_description = "KV";
    hal_partitions[6].partition_start_addr = 0x100FF800;
    hal_partitions[6].partition_length = 0x800;
}
