hal_logic_partition_t hal_logic_partition[] = {
    [HAL_PARTITION_APPLICATION] = {HAL_FLASH_EMBEDDED, "App", 0x410, 0xFBF0, PAR_OPT_READ_EN | PAR_OPT_WRITE_EN},
    [HAL_PARTITION_ATE] = {HAL_FLASH_NONE, NULL, 0, 0, 0},
};
