const hal_logic_partition_t hal_partitions[] = {
#ifdef JSENGINE
    [HAL_PARTITION_APPLICATION] = {.partition_start_addr = 0x8009000, .partition_length = 540 * 1024},
#else
    [HAL_PARTITION_APPLICATION] = {.partition_start_addr = 0x8009000, .partition_length = 464 * 1024},
    [HAL_PARTITION_OTA_TEMP] = {.partition_start_addr = 0x8089000, .partition_length = 464 * 1024},
#endif
};
