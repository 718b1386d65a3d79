const { configs } = require('stepstream/lint');

module.exports = [configs.recommended];
