hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX];
void board_init(void)
{
    hal_partitions[HAL_PARTITION_OTA_TEMP].partition_start_addr = 0x40000,
    hal_partitions[HAL_PARTITION_OTA_TEMP].partition_length = 0xF8000, //992k bytes
    hal_partitions[HAL_PARTITION_OTA_TEMP].partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN;
}
