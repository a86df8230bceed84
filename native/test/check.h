// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The whole test framework: a case is a function with a name, registered by a static object,
// and a failed check is counted and printed but does not end its case. Helpers that check take
// no state with them, so a case reads from top to bottom.
//
//   DIPPER_TEST(bitmap_counts_its_bits) {
//     CHECK_EQ(Bitmap(70, true).count(), size_t{70});
//   }
#pragma once

#include <iostream>
#include <string>
#include <vector>

namespace dipper::test {

struct Case {
  const char* name;
  void (*body)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

/** Failed checks of the case that runs now. */
inline int& failedChecks() {
  static int count = 0;
  return count;
}

struct Registrar {
  Registrar(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  failedChecks()++;
  std::cout << "  " << file << ":" << line << ": " << what << "\n";
}

template <typename A, typename B>
void checkEqual(const A& actual, const B& expected, const char* file, int line, const char* text) {
  if (actual == expected) return;
  std::cout << "  received " << actual << ", expected " << expected << "\n";
  fail(file, line, text);
}

}  // namespace dipper::test

#define DIPPER_TEST(name)                                                       \
  static void test_##name();                                                    \
  static const ::dipper::test::Registrar registrar_##name(#name, test_##name);  \
  static void test_##name()

#define CHECK(condition) \
  ((condition) ? void() : ::dipper::test::fail(__FILE__, __LINE__, "CHECK(" #condition ")"))

#define CHECK_EQ(actual, expected)                                         \
  ::dipper::test::checkEqual((actual), (expected), __FILE__, __LINE__,     \
                             "CHECK_EQ(" #actual ", " #expected ")")

/** The status is ok; prints its message when it is not. */
#define CHECK_OK(expression)                                                            \
  do {                                                                                  \
    const auto checkedStatus = (expression);                                            \
    if (!checkedStatus.ok()) {                                                          \
      ::dipper::test::fail(__FILE__, __LINE__, #expression ": " + checkedStatus.message()); \
    }                                                                                   \
  } while (false)
