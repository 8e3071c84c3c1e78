'use strict';

const { appendFileSync } = require('node:fs');

// Writes what each spec file gave, a line of JSON each: jest's own report is lost when it stops at a failure.
module.exports = class {
  onTestResult(_test, { testResults, testExecError, failureMessage }) {
    const tests = testResults.map(({ fullName, status }) => ({ fullName, status }));
    const error = testExecError ? failureMessage : undefined;
    appendFileSync(process.env.REPORT, `${JSON.stringify({ tests, error })}\n`);
  }
};
