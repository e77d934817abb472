typedef enum {
    BK_PARTITION_BOOTLOADER = 0,
    BK_PARTITION_APPLICATION,
    BK_PARTITION_OTA,
    BK_PARTITION_MAX,
} bk_partition_t;
static const bk_logic_partition_t bk7231_partitions[BK_PARTITION_MAX] = {
    [BK_PARTITION_APPLICATION] = {
        .partition_owner = BK_FLASH_EMBEDDED,
        .partition_description = "Application",
        .partition_start_addr = 0x11000,
        .partition_length = 0x121000,
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_DIS,
    },
    [BK_PARTITION_OTA] = {
        .partition_owner = BK_FLASH_EMBEDDED,
        .partition_description = "ota",
        .partition_start_addr = 0x132000,
        .partition_length = 0xA6000,
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_DIS,
    },
};
