# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# The addon. Code for an instruction set is a library of its own, compiled with that set's flags;
# nothing else may be, or a processor without the set would meet it (see kernels/dispatch.cc).
# -Wrestrict is off because GCC 12 reports std::string's operator+ for it (GCC bug 105651).
{
  'target_defaults': {
    'include_dirs': ['.'],
    'cflags!': ['-fno-omit-frame-pointer'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-rtti'],
    'cflags_cc': [
      '-std=c++20', '-O3', '-Wall', '-Wextra', '-Wno-restrict', '-fno-exceptions', '-fvisibility=hidden',
    ],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
    },
  },
  'targets': [
    {
      'target_name': 'dipper_base',
      'type': 'static_library',
      'sources': ['<!@(node sources.mjs base)'],
    },
    {
      'target_name': 'dipper_avx2',
      'type': 'static_library',
      'sources': ['<!@(node sources.mjs avx2)'],
      'conditions': [
        ['target_arch=="x64"', { 'cflags_cc': ['-mavx2', '-mfma', '-mf16c', '-mpopcnt'] }],
      ],
    },
    {
      'target_name': 'dipper_avx512',
      'type': 'static_library',
      'sources': ['<!@(node sources.mjs avx512)'],
      'conditions': [
        ['target_arch=="x64"', {
          'cflags_cc': ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512vnni',
                        '-mavx2', '-mfma', '-mpopcnt'],
        }],
      ],
    },
    {
      'target_name': 'dipper',
      'sources': ['<!@(node sources.mjs bridge)'],
      'dependencies': ['dipper_base', 'dipper_avx2', 'dipper_avx512'],
      'include_dirs': ['<!@(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': [
        'NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED',
      ],
    },
  ],
}
