const hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX] = {
    [HAL_PARTITION_OTA_TEMP] = {HAL_FLASH_EMBEDDED, "OTA", 0x40000, 0x3E000, PAR_OPT_READ_EN | PAR_OPT_WRITE_EN}
};
