// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Runs every registered case, or those whose name contains the first argument, and prints the
// one line that CI reads. The exit code is 1 when a case failed or none ran.
#include <cstring>
#include <iostream>

#include "test/check.h"

int main(int argumentCount, char** arguments) {
  const char* const wanted = argumentCount > 1 ? arguments[1] : "";
  int passed = 0;
  int failed = 0;
  for (const auto& testCase : dipper::test::cases()) {
    if (std::strstr(testCase.name, wanted) == nullptr) continue;
    dipper::test::failedChecks() = 0;
    testCase.body();
    const bool ok = dipper::test::failedChecks() == 0;
    (ok ? passed : failed)++;
    std::cout << (ok ? "ok   " : "FAIL ") << testCase.name << std::endl;
  }
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 && passed > 0 ? 0 : 1;
}
