// The thunks and tables of delay_raise.c's delayed imports, as Microsoft's linker makes them. lld 14 makes them too, but
// without unwind data, so that no exception gets out of them.
//
//   stack in the call of the helper, from the top:  return address
//                                                   rcx rdx r8 r9, xmm0-xmm3 (saved)
//                                                   32 bytes shadow space

    .macro DELAYED function slots index merge
    .globl \function
\function:
    leaq \slots + 8 * \index(%rip), %rax
    jmp \merge
    .endm

    .macro MERGE merge descriptor
    .seh_proc \merge
\merge:
    subq $136, %rsp
    .seh_stackalloc 136
    .seh_endprologue
    movq %rcx, 96(%rsp)
    movq %rdx, 104(%rsp)
    movq %r8, 112(%rsp)
    movq %r9, 120(%rsp)
    movups %xmm0, 32(%rsp)
    movups %xmm1, 48(%rsp)
    movups %xmm2, 64(%rsp)
    movups %xmm3, 80(%rsp)
    leaq \descriptor(%rip), %rcx
    movq %rax, %rdx
    callq delay_load_helper
    movq 96(%rsp), %rcx
    movq 104(%rsp), %rdx
    movq 112(%rsp), %r8
    movq 120(%rsp), %r9
    movups 32(%rsp), %xmm0
    movups 48(%rsp), %xmm1
    movups 64(%rsp), %xmm2
    movups 80(%rsp), %xmm3
    addq $136, %rsp
    jmpq *%rax
    .seh_endproc
    .endm

    .macro DESCRIPTOR descriptor name module slots names
\descriptor:
    .long 1
    .rva \name, \module, \slots, \names
    .long 0, 0, 0
    .endm

    .text
    DELAYED add_thunk, basic_slots, 0, basic_merge
    DELAYED no_such_function_thunk, basic_slots, 1, basic_merge
    DELAYED absent_function_thunk, absent_slots, 0, absent_merge
    MERGE basic_merge, basic_descriptor
    MERGE absent_merge, absent_descriptor

    .section .rdata, "dr"
    DESCRIPTOR basic_descriptor, basic_name, basic_module, basic_slots, basic_names
    DESCRIPTOR absent_descriptor, absent_name, absent_module, absent_slots, absent_names
basic_name:
    .asciz "basic.dll"
absent_name:
    .asciz "absent.dll"
    .p2align 1
add_name:
    .short 0
    .asciz "add"
    .p2align 1
no_such_function_name:
    .short 0
    .asciz "no_such_function"
    .p2align 1
absent_function_name:
    .short 0
    .asciz "absent_function"
    .p2align 3
basic_names:
    .rva add_name
    .long 0
    .rva no_such_function_name
    .long 0
    .quad 0
absent_names:
    .rva absent_function_name
    .long 0
    .quad 0

    .data
    .globl basic_slots, absent_slots
    .p2align 3
basic_module:
    .quad 0
absent_module:
    .quad 0
basic_slots:
    .quad add_thunk, no_such_function_thunk, 0
absent_slots:
    .quad absent_function_thunk, 0
