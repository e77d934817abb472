const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_APPLICATION] = {.partition_owner = HAL_FLASH_EMBEDDED, .partition_start_addr = 0xC000, .partition_length = 0x98000},
    [HAL_PARTITION_ATE] = {.partition_owner = HAL_FLASH_NONE},
    [HAL_PARTITION_RF_FIRMWARE].partition_owner = HAL_FLASH_NONE,
};
