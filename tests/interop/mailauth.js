/* SPDX-License-Identifier: BSD-2-Clause */
'use strict';
/*
 * Verify and sign many messages with mailauth, in one process.
 *
 *     mailauth.js JOB.json      {"zone": {NAME: TEXT}, "verify": [PATH], "sign": [{…}]}
 *
 * Prints {"verify": [[RESULT, …], …], "version": …}: for each message the results of its
 * signatures from the top.
 */
const fs = require('fs');
const { dkimSign } = require('mailauth/lib/dkim/sign');
const { dkimVerify } = require('mailauth/lib/dkim/verify');

async function verify(path, resolver) {
    const { results } = await dkimVerify(fs.readFileSync(path), { resolver });
    return results.map(result => result.status.result + (result.status.comment ? ` (${result.status.comment})` : ''));
}

const signTime = new Date();

async function sign(task) {
    const message = fs.readFileSync(task.path);
    const { signatures, errors } = await dkimSign(message, {
        canonicalization: task.canon,
        signTime, // else the clock is read twice, and some signatures name another second
        signatureData: task.keys.map(key => ({
            signingDomain: key.domain,
            selector: key.selector,
            privateKey: fs.readFileSync(key.path, 'utf8'),
            algorithm: key.algorithm,
            canonicalization: task.canon
        }))
    });
    if (errors.length) {
        throw new Error(`${task.path}: ${errors[0].message || errors[0].err}`);
    }
    fs.writeFileSync(task.out, Buffer.concat([Buffer.from(signatures), message]));
}

async function main() {
    const job = JSON.parse(fs.readFileSync(process.argv[2]));
    const resolver = async name => {
        if (!(name in job.zone)) {
            const error = new Error('not found');
            error.code = 'ENOTFOUND';
            throw error;
        }
        return [[job.zone[name]]];
    };
    const out = { verify: [] };
    for (const task of job.sign) {
        await sign(task);
    }
    for (const path of job.verify) {
        out.verify.push(await verify(path, resolver));
    }
    process.stdout.write(JSON.stringify(out));
}

main().catch(error => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
});
