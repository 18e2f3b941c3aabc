// GPA-11: entries that leave XMM0 to XMM3 as they were. They are volatile, but they carry arguments, and the thunks that
// some toolchains make for delayed imports look a function up between the call and the function without saving them.
//
//   stack in the call, from the top:  return address of the caller
//                                     xmm0-xmm3 (saved)
//                                     copies of the caller's stack arguments, 32 bytes shadow space for the call

    .text

    .macro KEEP_VECTORS name target stack_arguments
    .set arguments_size, 8 * ((\stack_arguments + 1) & ~1)
    .set frame_size, 32 + arguments_size + 64 + 8
    .globl \name
    .hidden \name
    .type \name, @function
    .p2align 4
\name:
    .cfi_startproc
    endbr64
    subq $frame_size, %rsp
    .cfi_adjust_cfa_offset frame_size
    movups %xmm0, 32 + arguments_size(%rsp)
    movups %xmm1, 48 + arguments_size(%rsp)
    movups %xmm2, 64 + arguments_size(%rsp)
    movups %xmm3, 80 + arguments_size(%rsp)
    .set argument, 0
    .rept \stack_arguments
    movq frame_size + 40 + 8 * argument(%rsp), %rax
    movq %rax, 32 + 8 * argument(%rsp)
    .set argument, argument + 1
    .endr
    call \target
    movups 32 + arguments_size(%rsp), %xmm0
    movups 48 + arguments_size(%rsp), %xmm1
    movups 64 + arguments_size(%rsp), %xmm2
    movups 80 + arguments_size(%rsp), %xmm3
    addq $frame_size, %rsp
    .cfi_adjust_cfa_offset -frame_size
    ret
    .cfi_endproc
    .size \name, . - \name
    .endm

    KEEP_VECTORS hm_GetProcAddress, hm_get_proc_address, 0
    KEEP_VECTORS hm_ResolveDelayLoadedAPI, hm_resolve_delay_loaded_api, 2

    .section .note.GNU-stack, "", @progbits
