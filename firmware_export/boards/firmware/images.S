#ifdef __AVR__
    .section .progmem.data.images, "a"
#else
    .section .images, "a"
    .balign 4
#endif
    .global images
images:
    .incbin "images.bin"
    .balign 2
