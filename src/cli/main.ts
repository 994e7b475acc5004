process.stdout.write('foretrain\n');
