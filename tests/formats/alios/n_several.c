const hal_logic_partition_t hal_partitions_1M_512x512[] = {
    [HAL_PARTITION_OTA_TEMP] = {.partition_start_addr = 0x81000, .partition_length = 0x75000},
};
const hal_logic_partition_t hal_partitions_2M_1024x1024[] = {
    [HAL_PARTITION_OTA_TEMP] = {.partition_start_addr = 0x101000, .partition_length = 0xF4000},
};
