// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Is this UTF-8? Is this JSON? Both answer without allocating. JSON is RFC 8259 to the letter: no
// NaN, no comments, no trailing commas; nesting is bounded so that later readers may recurse.
#pragma once

#include <string_view>

namespace dipper {

constexpr int jsonDepthMax = 256;

/** Well-formed UTF-8: shortest forms, no surrogates, up to U+10FFFF. */
bool isUtf8(std::string_view bytes);

enum class JsonKind { invalid, object, array, scalar };

/** The kind of the one value that the text holds. Assumes UTF-8. */
JsonKind checkJson(std::string_view text);

}  // namespace dipper
