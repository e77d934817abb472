const hal_logic_partition_t hal_logic_partition[] = {
    { HAL_FLASH_NONE, NULL, 0, 0, 0 },
    { HAL_FLASH_EMBEDDED, "App", 0x0, 0x20000, PAR_OPT_READ_EN | PAR_OPT_WRITE_EN },
    { HAL_FLASH_NONE, NULL, 0, 0, PAR_OPT_READ_DIS | PAR_OPT_WRITE_DIS },
    { HAL_FLASH_EMBEDDED, "OTA", 0x20000, 0x10000, PAR_OPT_READ_EN | PAR_OPT_WRITE_EN },
};
